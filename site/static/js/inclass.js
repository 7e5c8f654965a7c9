// @ts-check
// What only a workshop's pages need. It is loaded there alone: other pages are light.

import { startClassBar } from "./classbar.js";
import { startLead } from "./lead.js";
import { startTold } from "./proposal.js";
import { startWall } from "./wall.js";
import { startWatch } from "./watch.js";
import { startWorkshop } from "./workshop.js";

/** @param {import("./bench.js").Bench|null} bench */
export function startClass(bench) {
  const watch = startWatch(), wall = startWall();
  startTold(bench);
  startClassBar();
  startLead();
  startWorkshop();
  return { wall, watch };
}
