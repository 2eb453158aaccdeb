import { failed, type Result } from '../../../program/result.ts'
import type { RealtimeChannel, RealtimeChannelSpec, WrittenChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { ChannelClass } from './channel-class.ts'
import { checkBounds, type Violation } from './check-bounds.ts'
import { effectiveChannel, type ChannelRefusal } from './effective-channel.ts'
import { matchesSelector } from './matches-selector.ts'

export interface ResolveParts {
  /** Default image of gateways. */
  readonly image: string
  /** Brokers of the operator's options. */
  readonly brokers: readonly string[]
}

/**
 * Returns the channel under its class, or the reason why nothing is done for it. Two pure steps: the defaults of the class are filled in, and the result is
 * checked against the bounds of the class.
 * @param labels labels of the channel's namespace, for a class that chooses namespaces
 */
export function resolveChannel(
  written: WrittenChannel,
  of: ChannelClass,
  labels: Readonly<Record<string, string>>,
  { image, brokers }: ResolveParts,
): Result<RealtimeChannel, ChannelRefusal> {
  const { bounds } = of
  if (bounds.namespaces !== null && !matchesSelector(bounds.namespaces, labels))
    return failed({
      reason: 'NotAllowedByClass',
      message: `The class ${of.name} is not for the namespace ${written.metadata.namespace}: its labels do not match spec.allowed.namespaces. Set another spec.className, or ask an administrator.`,
    })
  const defaults = expandNames(of.defaults, written)
  const effective = effectiveChannel(written, defaults)
  if (!effective.ok) return effective
  const violations = checkBounds({ channel: effective.value, defaults, bounds, image, brokers })
  return violations.length === 0 ? effective : failed({ reason: 'NotAllowedByClass', message: explain(violations, of.name) })
}

/** Replaces NAMESPACE and NAME in the host and the paths of a class by those of the channel. */
export function expandNames(
  { route, ...defaults }: RealtimeChannelSpec,
  { metadata }: Pick<WrittenChannel, 'metadata'>,
): RealtimeChannelSpec {
  if (route === undefined) return defaults
  const own: Readonly<Record<string, string>> = { NAMESPACE: metadata.namespace ?? '', NAME: metadata.name }
  const expand = (text: string): string => text.replaceAll(/NAMESPACE|NAME/g, (word) => own[word] ?? word)
  const { host, paths } = route
  return {
    ...defaults,
    route: {
      ...route,
      ...(host === undefined ? {} : { host: expand(host) }),
      ...(paths === undefined ? {} : { paths: Object.fromEntries(Object.entries(paths).map(([kind, path]) => [kind, expand(path)])) }),
    },
  }
}

export const shownViolations = 10
export const shownCharacters = 120

function explain(violations: readonly Violation[], className: string | null): string {
  const who = className === null ? 'a channel without a class may have' : `the class ${className} allows`
  const sentences = violations
    .slice(0, shownViolations)
    .map(
      ({ field, value, bound, allows, remedy }) =>
        `${field} is ${shorten(value)}, and ${who} ${allows} (${bound}).${remedy === undefined ? '' : ` ${remedy}`}`,
    )
  const more = violations.length > shownViolations ? [`${violations.length - shownViolations} more are not shown.`] : []
  const remedy =
    className === null
      ? 'Change it, or ask an administrator for a RealtimeChannelClass that allows it.'
      : 'Change it, or ask an administrator to allow it in the class.'
  return [...sentences, ...more, remedy].join(' ')
}

function shorten(value: string): string {
  return value.length > shownCharacters ? `${value.slice(0, shownCharacters)}…` : value
}
