import { find, h } from '../dom.ts'

/** How many banners stand at a time; the oldest goes first. */
const maxBanners = 3

/** Says something that must not be missed, until it is dismissed. The same banner said twice stands once. */
export function showBanner(look: 'gap' | 'bad', title: string, text: string): void {
  const place = find('banners', HTMLDivElement)
  const close = h('button', { type: 'button', class: 'ghost', 'aria-label': `Dismiss: ${title}` }, 'Dismiss')
  const banner = h('div', { class: `banner ${look}` }, h('p', {}, h('b', {}, title), ` ${text}`), close)
  close.addEventListener('click', () => banner.remove())
  for (const other of place.children) if (other.textContent === banner.textContent) other.remove()
  place.append(banner)
  while (place.children.length > maxBanners) place.firstElementChild?.remove()
}
