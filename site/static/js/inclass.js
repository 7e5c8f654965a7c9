// @ts-check
// What only a workshop's pages need. It is a script of theirs, before app.js, which begins it: other pages are light.

import { startClassBar } from "./classbar.js";
import { startLead } from "./lead.js";
import { inClass } from "./page.js";
import { startTold } from "./proposal.js";
import { startWall } from "./wall.js";
import { startWatch } from "./watch.js";
import { startWorkshop } from "./workshop.js";

inClass.start = (bench) => {
  const watch = startWatch(), wall = startWall();
  startTold(bench);
  startClassBar();
  startLead();
  startWorkshop();
  return { wall, watch };
};
