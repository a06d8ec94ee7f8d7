"use strict";
document.documentElement.classList.add("js");
const steps = [...document.querySelectorAll(".step")];
const current = () => steps.indexOf(document.activeElement.closest(".step"));
const go = (index) => steps[Math.max(0, Math.min(index, steps.length - 1))]?.focus();
const toggle = (step) => step.classList.toggle("open");
const keys = {
  j: () => go(current() + 1),
  k: () => go(current() - 1),
  ArrowDown: () => go(current() + 1),
  ArrowUp: () => go(current() - 1),
  Home: () => go(0),
  End: () => go(steps.length - 1),
  Enter: () => current() >= 0 && toggle(steps[current()]),
  a: () => {
    const open = steps.some((step) => !step.classList.contains("open"));
    steps.forEach((step) => step.classList.toggle("open", open));
  },
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
  event.preventDefault();
  keys[event.key]();
});
steps.forEach((step) => step.querySelector(".head").addEventListener("click", () => toggle(step)));
