/* Ticks */

function countTicks() {
  const boxes = [...part.querySelectorAll("td input[name=jobs]")];
  const ticked = boxes.filter((box) => box.checked).length;
  for (const button of part.querySelectorAll("[data-ticked]")) {
    button.disabled = ticked === 0;
    setText(button.querySelector(".how-many"), ticked ? ` ${ticked} ${ticked === 1 ? "job" : "jobs"}` : " ticked");
  }
  const all = part.querySelector("[data-tick-all]");
  if (!all) return;
  all.checked = ticked > 0 && ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
}
