#include "view/login_page.hpp"

namespace grids::core {

std::string_view login_page() {
  return R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>grids view</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:4em auto;padding:0 1em}</style>
</head><body><main><h1>grids view</h1><p id="say" role="status">Logging in …</p>
<noscript><p>This page needs JavaScript; report.html in the results folder reads without.</p></noscript>
</main><script src="/login.js"></script></body></html>
)";
}

std::string_view login_script() {
  return R"("use strict";
(async () => {
  const say = (text) => { document.getElementById("say").textContent = text; };
  const token = location.hash.slice(1);
  if (token === "") {
    say("Open the whole address that grids view printed, with the part behind #.");
    return;
  }
  history.replaceState(null, "", "/");
  try {
    const answer = await fetch("/login", {
      method: "POST",
      headers: {"content-type": "application/json"},
      body: JSON.stringify({token}),
    });
    const told = await answer.text();
    if (answer.ok) {
      location.replace(JSON.parse(told).folder);
    } else {
      say("This address is not of the grids view that is on now; open the one that it printed.");
    }
  } catch (error) {
    say("grids view does not answer; is it still on?");
  }
})();
)";
}

}  // namespace grids::core
