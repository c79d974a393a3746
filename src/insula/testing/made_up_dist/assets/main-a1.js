// The entry of made-up pages.
import "./shared-b2.js";
document.body.dataset.from = import.meta.url;
document.body.dataset.from = import.meta.url;
document.body.dataset.from = import.meta.url;
document.body.dataset.from = import.meta.url;
document.body.dataset.from = import.meta.url;
document.body.dataset.from = import.meta.url;
document.body.dataset.from = import.meta.url;
document.body.dataset.from = import.meta.url;
