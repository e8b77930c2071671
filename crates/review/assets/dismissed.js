// Pairs that were said not to be the same, and the way back.

import { get, post } from "./api.js";
import { openDialog } from "./dialog.js";
import { button, el, fill } from "./dom.js";
import { pathLine } from "./files.js";
import { loadList } from "./list.js";
import { errorBox } from "./notices.js";
import { pictureBox } from "./row.js";
import { app, ofResult, setTotals } from "./store.js";

const AT_ONCE = 200;

/** Opens the list of what was dismissed. */
export async function openDismissed() {
  if (!app.state?.result) return;
  const giveUps = [];
  const dialog = openDialog("Not the same", { wide: true, onclose: () => { for (const giveUp of giveUps) giveUp(); } });
  await show(dialog, (giveUp) => giveUps.push(giveUp));
}

async function show(dialog, giving) {
  try {
    const { pairs } = await get(ofResult("dismissed"));
    const list = el("ul", { class: "plain-list" }, pairs.slice(0, AT_ONCE).map((pair) => item(pair, dialog, giving)));
    fill(dialog.body, el("p", { class: "quiet", text: keptWords() }), pairs.length === 0 ? el("p", { text: "Nothing was dismissed." }) : list,
      pairs.length > AT_ONCE ? el("p", { class: "quiet", text: `and ${pairs.length - AT_ONCE} more` }) : null);
  } catch (error) {
    fill(dialog.body, errorBox(error, () => show(dialog, giving)));
  }
}

function keptWords() {
  return app.state.can_remember ? "These pairs are not shown. The catalogue remembers them for later scans."
    : "These pairs are not shown. There is no catalogue, so they are forgotten when pixtwin ends.";
}

function item(pair, dialog, giving) {
  const side = (one) => el("div", { class: "item-side" }, one.path ? [pictureBox(one.file, giving), pathLine(one.path.parts)]
    : el("p", { class: "quiet", text: `a picture that is not near another in this result, ${one.digest.slice(0, 12)}` }));
  const node = el("li", { class: "item" }, side(pair.a), side(pair.b), button("Show again", async () => {
    try {
      const said = await post(ofResult("differ/undo"), { pair: pair.pair });
      if (said.totals) setTotals(said.totals);
      app.state.result.dismissed = Math.max(0, app.state.result.dismissed - 1);
      dialog.heading.focus();
      await show(dialog, giving);
      loadList();
    } catch (error) {
      node.append(errorBox(error));
    }
  }));
  return node;
}
