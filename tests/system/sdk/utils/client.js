// The name of a cookie, as the HTTP protocol states it: nb_<what>_<application>.
exports.getAuthCookieName = (what, application = "main") =>
  `nb_${{ token: "auth_token", csrf: "csrf_token" }[what] ?? what}_${application}`;
