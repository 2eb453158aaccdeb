import { failed, ok, type Result } from '../program/result.ts'
import { operandTypes, type OperandKind } from './child-types.ts'

const suffix = '-gateway'

/** Longest name of a Service, and longest value of a label. */
const maxNameLength = 63

/** Longest name of a channel: a longer one leaves no room for the names of its objects. */
export const maxChannelNameLength = maxNameLength - suffix.length

/** Pattern of a channel's name, with which the name of its Service begins. */
export const channelNamePattern = '^[a-z]([-a-z0-9]*[a-z0-9])?$'

/** Returns the name of each object of a channel. */
export function operandNames(channelName: string): Readonly<Record<OperandKind, string>> {
  const name = `${channelName}${suffix}`
  // fromEntries loses the names of the keys; these are all the keys of the table.
  return Object.fromEntries(Object.keys(operandTypes).map((kind) => [kind, name])) as Record<OperandKind, string>
}

/**
 * Returns the name if a channel of this name can have its objects, else what is wrong with it and what to do. Kubernetes lets a custom resource have
 * longer names, names with dots, and names that begin with a digit. A Service may have none of these.
 */
export function checkChannelName(name: string): Result<string, string> {
  if (name.length > maxChannelNameLength) {
    return failed(
      `The name of a channel has at most ${maxChannelNameLength} characters, because its objects are named NAME${suffix}; ${name} has ${name.length}. Create the channel again with a shorter name`,
    )
  }
  if (!new RegExp(channelNamePattern, 'u').test(name)) {
    return failed(
      `The name of a channel is part of the name of a Service: lower-case letters, digits and -, beginning with a letter; ${name} is not. Create the channel again with another name`,
    )
  }
  return ok(name)
}
