import "./deep-d4.js";
