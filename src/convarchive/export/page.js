const player = document.querySelector("audio");
const places = [...document.querySelectorAll("[data-at]")];
for (const place of places) {
  place.addEventListener("click", event => {
    event.preventDefault();
    player.currentTime = Number(place.dataset.at);
    player.play();
  });
}
player.addEventListener("timeupdate", () => {
  const now = places.findLast(place => Number(place.dataset.at) <= player.currentTime);
  for (const place of places) place.closest("li").classList.toggle("now", place === now);
});
