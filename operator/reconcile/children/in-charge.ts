import { annotations, type RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import { isChildOf } from './ownership.ts'
import { marks } from '../settings.ts'
import type { OtherOperator, World } from '../world.ts'

/**
 * Two operators that look after one namespace by mistake (a staging release, a release that got another name) would each make of a channel's objects what
 * their own options say, as fast as they can. So every object is marked with the Lease of the operator that applied it, and an operator that finds the mark of
 * another one, which still holds its Lease, leaves the channel alone: its objects, its topic and its status. It says so on the channel by an annotation, and the
 * other one says so in `Ready`.
 */

/** The Lease in the mark on the channel's Deployment, or else on another of its objects; null: there is none. */
export function markOf(channel: RealtimeChannel, children: World['children']): string | null {
  const own = [...children.values()].flatMap((found) => (found.kind === 'object' && isChildOf(channel, found.object) ? [found.object] : []))
  const [deciding] = own.toSorted((a, b) => Number(b.kind === 'Deployment') - Number(a.kind === 'Deployment') || (a.kind < b.kind ? -1 : 1))
  return deciding?.metadata.annotations?.[marks.appliedBy] ?? null
}

/** The Lease of an operator that has left this channel to another one; null: none has. */
export function bystanderOf({ metadata }: RealtimeChannel): string | null {
  return metadata.annotations?.[annotations.leftBy] ?? null
}

/** For the one in charge: whether the annotation speaks of an operator that is not there any more, or of this one. */
export function isNoteStale(world: World, appliedBy: string): boolean {
  const noted = bystanderOf(world.channel)
  return noted !== null && (noted === appliedBy || world.bystander?.state === 'gone')
}

/** What `Ready` says of an operator that stands by. */
export function remarkOnBystander(bystander: OtherOperator | null): string {
  if (bystander === null || bystander.state === 'gone') return ''
  return ` The operator of the Lease ${bystander.lease} is told to look after this namespace as well, and leaves this channel to this operator. Give one of them other namespaces.`
}

/** What people are told of a channel that this operator leaves alone. */
export function wordsOfLeft({ lease, state }: OtherOperator): string {
  const remedy = `Give one of the two other namespaces. When that operator is gone, this one takes over`
  const unsure = state === 'unknown' ? `; its Lease cannot be read, so take the annotation ${marks.appliedBy} off the Deployment then` : ''
  return `The operator of the Lease ${lease} looks after this channel, and this one leaves it alone. ${remedy}${unsure}.`
}
