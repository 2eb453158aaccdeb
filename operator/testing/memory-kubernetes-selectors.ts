import type { KubernetesObject } from '../../api/kubernetes.ts'

/**
 * Matches a label selector of `kubectl`: `a=b`, `a!=b`, `a`, `!a`, `a in (b,c)`, `a notin (b,c)`, joined by commas. @throws on anything
 * else
 */
export function matchesLabels(object: KubernetesObject, selector: string | undefined): boolean {
  return split(selector).every((part) => matchesLabel(object.metadata.labels ?? {}, part))
}

/** Matches a field selector. Only `metadata.name` and `metadata.namespace` can be selected for every type. @throws on another field */
export function matchesFields({ metadata }: KubernetesObject, selector: string | undefined): boolean {
  return split(selector).every((part) => {
    const found = /^(metadata\.name|metadata\.namespace)(==?|!=)(.*)$/.exec(part)
    if (found === null) throw new TypeError(`a field selector that the memory double does not support: ${part}`)
    const value = found[1] === 'metadata.name' ? metadata.name : (metadata.namespace ?? '')
    return (value === found[3]) === (found[2] !== '!=')
  })
}

/** Splits a selector at the commas outside of brackets. */
function split(selector: string | undefined): readonly string[] {
  return (selector ?? '')
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function matchesLabel(labels: Readonly<Record<string, string>>, part: string): boolean {
  const within = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(part)
  if (within !== null) {
    const value = labels[within[1] ?? '']
    const isIn =
      value !== undefined &&
      (within[3] ?? '')
        .split(',')
        .map((each) => each.trim())
        .includes(value)
    return isIn === (within[2] === 'in')
  }
  const equal = /^([^\s!=]+)\s*(==?|!=)\s*(\S*)$/.exec(part)
  if (equal !== null) return (labels[equal[1] ?? ''] === equal[3]) === (equal[2] !== '!=')
  if (/^!\S+$/.test(part)) return !(part.slice(1) in labels)
  if (/^[^\s!=]+$/.test(part)) return part in labels
  throw new TypeError(`a label selector that the memory double does not support: ${part}`)
}
