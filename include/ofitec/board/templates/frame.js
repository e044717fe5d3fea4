// Inside Airflow's frame: take Airflow's colours, and open links to elsewhere in a new tab (the frame may not, its
// parent may). Everything else works without this script.
if (window.top !== window) {
  document.documentElement.classList.add("framed");
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.style.colorScheme = theme;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^=http]");
    if (!link) return;
    event.preventDefault();
    const outside = Object.assign(parent.document.createElement("a"), { href: link.href, target: "_blank", rel: "noopener" });
    outside.click();
  });
}
