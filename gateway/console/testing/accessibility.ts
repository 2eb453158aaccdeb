/* Runs inside the page: everything that a function needs must be in it. */

/** Texts that stand out too little from what is behind them (WCAG 2.2, 1.4.3: 4.5, or 3 for large text). */
export function findLowContrast(): readonly string[] {
  type Colour = readonly [number, number, number, number]
  const parse = (text: string): Colour => {
    const [r = 0, g = 0, b = 0, a = 1] = (text.match(/[\d.]+/g) ?? []).map(Number)
    return [r, g, b, a]
  }
  const over = ([r, g, b, a]: Colour, [br, bg, bb]: Colour): Colour => [r * a + br * (1 - a), g * a + bg * (1 - a), b * a + bb * (1 - a), 1]
  const backgroundOf = (element: Element | null): Colour => {
    if (element === null)
      return parse(
        getComputedStyle(document.documentElement).colorScheme.includes('dark') && matchMedia('(prefers-color-scheme: dark)').matches
          ? 'rgb(0,0,0)'
          : 'rgb(255,255,255)',
      )
    const own = parse(getComputedStyle(element).backgroundColor)
    return own[3] === 1 ? own : over(own, backgroundOf(element.parentElement))
  }
  const luminance = (colour: Colour): number => {
    const [r = 0, g = 0, b = 0] = colour
      .slice(0, 3)
      .map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const contrast = (one: Colour, other: Colour): number => {
    const [light = 0, dark = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a)
    return (light + 0.05) / (dark + 0.05)
  }
  const judge = (element: Element, color: string, what: string): string[] => {
    const style = getComputedStyle(element)
    const background = backgroundOf(element)
    const size = Number.parseFloat(style.fontSize)
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5
    const found = contrast(over(parse(color), background), background)
    return found >= needed ? [] : [`${what}: ${found.toFixed(2)} (${color} on ${background.slice(0, 3).map(Math.round).join()})`]
  }
  const low: string[] = []
  for (const element of document.querySelectorAll<HTMLElement>('body *')) {
    if (
      !element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) ||
      element.closest('.visually-hidden, .skip, :disabled, option')
    )
      continue
    const text = [...element.childNodes]
      .filter((node) => node.nodeType === Node.TEXT_NODE)
      .map((node) => node.textContent?.trim())
      .join('')
    if (text !== '') low.push(...judge(element, getComputedStyle(element).color, text.slice(0, 40)))
    if (element.matches('input, textarea, select')) low.push(...judge(element, getComputedStyle(element).color, `#${element.id}`))
    if (element.matches('[placeholder]'))
      low.push(...judge(element, getComputedStyle(element, '::placeholder').color, `placeholder of #${element.id}`))
  }
  return low
}

/** What a screen reader could not name, or would name twice the same. */
export function findUnnamed(): readonly string[] {
  const problems: string[] = []
  const describe = (element: Element): string => `${element.tagName.toLowerCase()}#${element.id}.${element.className}`
  for (const field of document.querySelectorAll<HTMLInputElement>('input, select, textarea')) {
    if ([...(field.labels ?? [])].every((label) => label.textContent.trim() === '')) problems.push(`no label: ${describe(field)}`)
  }
  for (const control of document.querySelectorAll('button, a, summary')) {
    if ((control.getAttribute('aria-label') ?? control.textContent ?? '').trim() === '') problems.push(`no name: ${describe(control)}`)
  }
  for (const element of document.querySelectorAll('[aria-labelledby], [aria-describedby], [for]')) {
    const named = ['aria-labelledby', 'aria-describedby', 'for'].flatMap((name) => element.getAttribute(name)?.split(' ') ?? [])
    problems.push(
      ...named.filter((id) => document.getElementById(id) === null).map((id) => `${describe(element)} refers to nothing: ${id}`),
    )
  }
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id)
  problems.push(...ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `twice: #${id}`))
  const levels = [...document.querySelectorAll('h1, h2, h3, h4')]
    .filter((heading) => heading.closest('dialog') === null)
    .map(({ tagName }) => Number(tagName.slice(1)))
  levels.forEach((level, at) => {
    if (level > (levels[at - 1] ?? 0) + 1) problems.push(`heading ${at} jumps to level ${level}`)
  })
  return problems
}

/** Things to press that are smaller than a finger (WCAG 2.2, 2.5.8: 24 by 24). */
export function findSmallTargets(): readonly string[] {
  return [...document.querySelectorAll<HTMLElement>('button, select, summary, input')]
    .filter((element) => element.checkVisibility() && !element.matches('input[type="checkbox"], input[type="radio"]'))
    .map((element) => ({ element, box: element.getBoundingClientRect() }))
    .filter(({ box }) => box.width < 24 || box.height < 24)
    .map(({ element, box }) => `${element.tagName}#${element.id} ${element.textContent}: ${box.width} x ${box.height}`)
}
