// The page that grids view gives to whoever has no cookie: trades the token behind the "#" for one.
async function logIn() {
  const told = document.body.appendChild(document.createElement("p"));
  told.setAttribute("role", "status");
  const token = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  if (token === "") {
    told.textContent = "This page opens with the whole address that grids view printed, with all that follows the “#”.";
    return;
  }
  told.textContent = "Opening …";
  try {
    const answer = await fetch("/login", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }) });
    if (answer.ok) location.reload();
    else told.textContent = "This address is no longer valid: open the one that grids view printed when it was last started.";
  } catch {
    told.textContent = "The server does not answer: start grids view again and open the address that it prints.";
  }
}

if (document.body) logIn();
else document.addEventListener("DOMContentLoaded", logIn);
