import { failed, ok, type Result } from '../program/result.ts'
import { operandTypes, type OperandKind } from './child-types.ts'

const suffix = '-gateway'

/** The names of Services and the values of labels have 63 characters at most. */
const maxNameLength = 63

/** A longer name leaves no room for the names of the channel's objects. */
export const maxChannelNameLength = maxNameLength - suffix.length

/** Pattern of a channel's name, which is the name of its Service, too. */
export const channelNamePattern = '^[a-z]([-a-z0-9]*[a-z0-9])?$'

/** The name of each object of a channel. */
export function operandNames(channelName: string): Readonly<Record<OperandKind, string>> {
  const name = `${channelName}${suffix}`
  // fromEntries knows nothing of keys; these are those of the table, all of them.
  return Object.fromEntries(Object.keys(operandTypes).map((kind) => [kind, name])) as Record<OperandKind, string>
}

/**
 * Whether a channel of this name can have its objects. Kubernetes lets a custom resource have longer names, and names with dots or with a digit
 * in front; a Service may have none of them.
 * @returns the same name, or what is wrong with it and what to do
 */
export function checkChannelName(name: string): Result<string, string> {
  if (name.length > maxChannelNameLength) {
    return failed(
      `the name of a channel has at most ${maxChannelNameLength} characters, because its objects are named ${suffix.slice(1)} after it; ${name} has ${name.length}: make it anew with a shorter name`,
    )
  }
  if (!new RegExp(channelNamePattern, 'u').test(name)) {
    return failed(
      `the name of a channel is the name of a Service, too: lower case letters, digits and -, beginning with a letter; ${name} is not: make it anew with another name`,
    )
  }
  return ok(name)
}
