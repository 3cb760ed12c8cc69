// Keeps a page up to date. One with a part that is told puts what the gateway tells in its place, and what has the focus keeps it;
// when nothing more is told (the session is over, the ledger is away), it is loaded anew, and says why. Any other is loaded anew
// every five seconds, unless somebody is at one of its links by keyboard.
const shown = document.getElementById("live");

function watch() {
  const told = new EventSource(shown.dataset.from);
  told.onmessage = (message) => {
    const focused = shown.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    shown.innerHTML = message.data;
    if (focused) shown.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  };
  told.onerror = () => {
    if (told.readyState === EventSource.CLOSED) location.reload();
  };
}

function renew() {
  if (document.activeElement === document.body) location.reload();
}

if (shown) watch();
else setInterval(renew, 5000);
