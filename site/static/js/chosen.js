// @ts-check
// The exercise in a workshop: nobody writes code here, and the function runs as the lab
// has it or as the author solved it.

/** @import {Bench} from "./bench.js" */
import { byId, every, one } from "./dom.js";
import { Help } from "./help.js";
import { experimentOf, page } from "./page.js";

/** @param {NonNullable<import("./events.js").PageData["exercise"]>} x @param {Bench} bench @param {(root: Element) => void} dress what scripts do with new texts */
export function startChosen(x, bench, dress) {
  const box = byId(x.goal), help = new Help(one(box, ".exercise-help"), `/api/exercises/${page.lesson}/help`, dress);
  bench.version = "original";
  for (const button of every(box, "[data-version]")) {
    button.toggleAttribute("disabled", !page.linux); // the bench says why
    button.addEventListener("click", async () => {
      const goal = experimentOf(x.goal);
      if (!goal) return;
      bench.version = button.dataset.version ?? "original";
      if (bench.experiment !== goal) await bench.put(goal);
      byId("ui-bench").scrollIntoView({ block: "nearest" });
      await bench.start();
    });
  }
  document.addEventListener("over", (e) => {
    const { experiment, run } = /** @type {CustomEvent<{experiment: string, run: import("./run.js").Run}>} */ (e).detail;
    const checks = [...run.checks.values()];
    if (experiment === x.goal && checks.length > 0 && checks.every((c) => c.pass)) help.done(true);
  });
}
