/**
 * A filter of the CloudEvents Subscriptions API, or an expression of CloudEvents SQL (docs/protocol.md, section 2.6). Attributes are compared as text.
 */
export type Filter =
  | { readonly exact: AttributeTexts }
  | { readonly prefix: AttributeTexts }
  | { readonly suffix: AttributeTexts }
  | { readonly all: readonly Filter[] }
  | { readonly any: readonly Filter[] }
  | { readonly not: Filter }
  | { readonly sql: string }

/** Texts by the names of attributes, which have lower-case letters and digits. */
export type AttributeTexts = Readonly<Record<string, string>>

/**
 * Returns the URL of a socket or an event stream with filters, all of which must hold for an event. Replaces the filters that the URL has. Give the
 * result to `connect` as `url`.
 */
export function withFilters(url: string, filters: readonly Filter[]): string {
  const [address = '', ...fragment] = url.split('#')
  const [path = '', query = ''] = splitAt(address, '?')
  const others = query.split('&').filter((parameter) => parameter !== '' && !/^filters(=|$)/.test(parameter))
  const all = [...others, `filters=${encodeURIComponent(JSON.stringify(filters))}`]
  return [`${path}?${all.join('&')}`, ...fragment].join('#')
}

function splitAt(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
