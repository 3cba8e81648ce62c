(() => {
  const form = document.querySelector("#filters");
  if (!form) return;
  const cards = [...document.querySelectorAll("[data-severity]")];
  const sections = [...document.querySelectorAll("[data-section]")];
  const show = () => {
    const { row, severity, state } = form.elements;
    let shown = 0;
    for (const card of cards) {
      const fits = (!row.value || card.dataset.row === row.value)
        && Number(card.dataset.severity) >= Number(severity.value)
        && (!state.value || card.dataset.state === state.value);
      card.hidden = !fits;
      shown += fits;
    }
    for (const section of sections) section.hidden = Boolean(row.value) && section.dataset.section !== row.value;
    form.querySelector("output").textContent = `${shown} of ${cards.length} findings`;
  };
  form.hidden = false;
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
})();
