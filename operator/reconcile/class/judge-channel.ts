import { failed, type Result } from '../../../program/result.ts'
import type { RealtimeChannel, RealtimeChannelSpec, WrittenChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { ChannelClass } from './channel-class.ts'
import { checkBounds, type Violation } from './check-bounds.ts'
import { effectiveChannel, type ChannelRefusal } from './effective-channel.ts'
import { matchesSelector } from './matches-selector.ts'

export interface JudgeParts {
  /** The image that gateways have where nothing says otherwise. */
  readonly image: string
  /** The brokers of the operator's options. */
  readonly brokers: readonly string[]
}

/**
 * The channel as it holds under its class, or why nothing is done for it. Two pure steps, one after the other: what the class provides is filled in, and
 * what comes of it is held to what the class allows.
 * @param labels of the channel's namespace; only a class with a selector of namespaces asks for them
 */
export function judgeChannel(
  written: WrittenChannel,
  of: ChannelClass,
  labels: Readonly<Record<string, string>>,
  { image, brokers }: JudgeParts,
): Result<RealtimeChannel, ChannelRefusal> {
  const { bounds } = of
  if (bounds.namespaces !== null && !matchesSelector(bounds.namespaces, labels))
    return failed({
      reason: 'NotAllowedByClass',
      message: `The class ${of.name} is not for the namespace ${written.metadata.namespace}: its labels are not those of spec.allowed.namespaces. Set another spec.className, or ask an administrator.`,
    })
  const defaults = expandNames(of.defaults, written)
  const effective = effectiveChannel(written, defaults)
  if (!effective.ok) return effective
  const violations = checkBounds({ channel: effective.value, defaults, bounds, image, brokers })
  return violations.length === 0 ? effective : failed({ reason: 'NotAllowedByClass', message: explain(violations, of.name) })
}

/** NAMESPACE and NAME in the host and the paths of a class stand for those of the channel. */
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
