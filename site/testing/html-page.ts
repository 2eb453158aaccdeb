import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A page of the built site, as its HTML says. */
export interface HtmlPage {
  /** Path from the folder of the site. */
  readonly path: string
  readonly html: string
  readonly ids: ReadonlySet<string>
  /** Targets of `<a>`. */
  readonly links: readonly string[]
  /** What the browser loads for the page by itself: scripts, styles, pictures, frames. */
  readonly loads: readonly string[]
}

export function readHtmlPages(folder: string): readonly HtmlPage[] {
  return globSync('**/*.html', { cwd: folder }).map((path) => {
    const html = readFileSync(join(folder, path), 'utf8')
    return {
      path,
      html,
      ids: new Set(attributes(html, /\sid="([^"]*)"/g)),
      links: attributes(html, /<a\b[^>]*?\shref="([^"]*)"/g),
      loads: [
        ...attributes(html, /<link\b[^>]*?\shref="([^"]*)"/g),
        ...attributes(html, /<(?:script|img|iframe|source|video|audio|embed)\b[^>]*?\ssrc="([^"]*)"/g),
      ],
    }
  })
}

const attributes = (html: string, pattern: RegExp): readonly string[] =>
  [...html.matchAll(pattern)].map(([, value = '']) => value.replaceAll('&amp;', '&').replaceAll('&quot;', '"'))
