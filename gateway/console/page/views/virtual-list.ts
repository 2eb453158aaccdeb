import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/virtual-core'

/** The methods that the library's own adapters call when they have attached a list, and after each update. */
const attach = '_didMount'
const settle = '_willUpdate'

/** What is placed in the list: a key that stays with a row. */
export interface VirtualListOptions {
  readonly scroller: HTMLElement
  readonly list: HTMLElement
  /** Height of a row before it was measured, in pixels. */
  readonly estimatedHeight: number
  /** Returns the element of a row. It is made when the row comes into view, and dropped when it leaves. */
  readonly make: (key: number) => HTMLElement
  readonly drop: (key: number) => void
}

export interface VirtualList {
  /** Shows rows by their keys, first to last. Rows that are in view stay where they are when others come before them. */
  show(keys: readonly number[]): void
  /** Keeps a row in the page when it leaves the view, because it has the focus. One row at a time. */
  pin(key: number): void
  /** Pins a row of the list, and brings it into view. */
  reveal(key: number): void
}

/** Rows beyond each edge of the view that are in the page. */
const overscan = 12

/** Makes a list that has only the rows in view in the page. The library computes their places. */
export function createVirtualList({ scroller, list, estimatedHeight, make, drop }: VirtualListOptions): VirtualList {
  const elements = new Map<number, HTMLElement>()
  let keys: readonly number[] = []
  let pinned: number | null = null
  let isPlacing = false
  const optionsOf = () => ({
    count: keys.length,
    getScrollElement: () => scroller,
    estimateSize: () => estimatedHeight,
    getItemKey: keyAt(keys),
    // At its top, the list shows what arrives. Further down, it stays at what the user reads.
    anchorTo: scroller.scrollTop > 0 ? ('end' as const) : ('start' as const),
    overscan,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => render(),
    rangeExtractor: ({
      startIndex,
      endIndex,
      count,
    }: {
      readonly startIndex: number
      readonly endIndex: number
      readonly count: number
    }) => {
      const [first, last] = [Math.max(0, startIndex - overscan), Math.min(count - 1, endIndex + overscan)]
      const extra = pinned === null ? -1 : keys.indexOf(pinned)
      const range = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
      return extra === -1 || (extra >= first && extra <= last) ? range : [...range, extra].toSorted((a, b) => a - b)
    },
  })
  const virtualizer = new Virtualizer<HTMLElement, HTMLElement>(optionsOf())
  /** Puts the rows in view into the page. @returns true: some are new, and their heights may move the others */
  const place = (): boolean => {
    const items = virtualizer.getVirtualItems()
    const shown = new Set(items.map(({ index }) => keys[index]))
    for (const [key, element] of elements) {
      if (shown.has(key)) continue
      element.remove()
      elements.delete(key)
      drop(key)
    }
    list.style.height = `${virtualizer.getTotalSize()}px`
    const fresh: HTMLElement[] = []
    let next: Element | null = list.firstElementChild
    for (const { index, start } of items) {
      const key = keys[index]
      if (key === undefined) continue
      const element = elements.get(key) ?? make(key)
      element.dataset['index'] = String(index)
      element.setAttribute('aria-posinset', String(index + 1))
      element.setAttribute('aria-setsize', String(keys.length))
      element.style.transform = `translateY(${start}px)`
      if (element === next) next = next.nextElementSibling
      else list.insertBefore(element, next)
      if (!elements.has(key)) fresh.push(element)
      elements.set(key, element)
    }
    for (const element of fresh) virtualizer.measureElement(element)
    return fresh.length > 0
  }
  const render = (): void => {
    // The library calls back at each measurement, in the middle of the rows.
    if (isPlacing) return
    isPlacing = true
    while (place());
    isPlacing = false
  }
  virtualizer[attach]()
  virtualizer[settle]()
  return {
    show: (now) => {
      keys = now
      virtualizer.setOptions(optionsOf())
      render()
      virtualizer[settle]()
    },
    pin: (key) => {
      pinned = key
    },
    reveal: (key) => {
      pinned = key
      // The library asks for the rows in view again only if an option is new.
      virtualizer.setOptions(optionsOf())
      virtualizer.scrollToIndex(keys.indexOf(key), { align: 'auto' })
      render()
    },
  }
}

const keyAt =
  (keys: readonly number[]) =>
  (index: number): number =>
    keys[index] ?? -1 - index
