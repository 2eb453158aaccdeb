/** An exposed series: its name and the names of its labels. */
export interface Series {
  readonly name: string
  readonly labels: readonly string[]
}

/** Parses the page `/metrics`: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function parseSeries(text: string): readonly Series[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', inside = ''] = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? /.exec(line) ?? []
      return { name, labels: [...inside.matchAll(/([a-zA-Z_]\w*)="(?:[^"\\]|\\.)*"/g)].map(([, label = '']) => label) }
    })
}

/** Words of grouping and joining: the names that follow are not metrics. */
const grouping = /\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g

/** A metric in an expression of Prometheus, with the labels that select its series. */
export function metricsOf(expression: string): readonly Series[] {
  // Grouping labels and the length of a range are names and numbers as well.
  const bare = expression.replaceAll(grouping, ' ').replaceAll(/\[[^\]]*\]/g, ' ')
  const words = [...bare.matchAll(/([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\(|\{[^}]*\})?/g)]
  return words
    .filter(([, name = '', after = '']) => !after.startsWith('(') && name.includes('_'))
    .map(([, name = '', after = '']) => ({
      name,
      labels: [...after.matchAll(/([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = '']) => label),
    }))
}

/** Labels that an expression groups or joins by. */
export function labelsAfterBy(expression: string): readonly string[] {
  return [...expression.matchAll(grouping)].flatMap(([, inside = '']) =>
    inside
      .split(',')
      .map((label) => label.trim())
      .filter((label) => label !== ''),
  )
}
