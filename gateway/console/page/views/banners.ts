import { find, h } from '../dom.ts'

/** Most banners at a time. The oldest goes first. */
const maxBanners = 3

/** Shows a banner until it is dismissed. The same banner is shown once. */
export function showBanner(look: 'gap' | 'bad', title: string, text: string): void {
  const place = find('banners', HTMLDivElement)
  const close = h('button', { type: 'button', class: 'ghost', 'aria-label': `Dismiss: ${title}` }, 'Dismiss')
  const banner = h('div', { class: `banner ${look}` }, h('p', {}, h('b', {}, title), ` ${text}`), close)
  close.addEventListener('click', () => banner.remove())
  for (const other of place.children) if (other.textContent === banner.textContent) other.remove()
  place.append(banner)
  while (place.children.length > maxBanners) place.firstElementChild?.remove()
}
