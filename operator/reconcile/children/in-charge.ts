import { annotations, type RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import { isChildOf } from './ownership.ts'
import { marks } from '../settings.ts'
import type { OtherOperator, World } from '../world.ts'

/*
 * Two operators may manage one namespace by mistake: a staging release, or a release that got another name. Each would then apply its own options to the
 * channel's objects, as fast as it can.
 *
 * So an operator marks every object with its Lease. An operator that finds the mark of another one, which still holds its Lease, leaves the channel alone: its
 * objects, its topic and its status. It says so in an annotation on the channel, and the operator in charge says so in `Ready`.
 */

/** Returns the Lease in the mark on the channel's Deployment, or else on another of its objects; null without a mark. */
export function markOf(channel: RealtimeChannel, children: World['children']): string | null {
  const own = [...children.values()].flatMap((found) => (found.kind === 'object' && isChildOf(channel, found.object) ? [found.object] : []))
  const [deciding] = own.toSorted((a, b) => Number(b.kind === 'Deployment') - Number(a.kind === 'Deployment') || (a.kind < b.kind ? -1 : 1))
  return deciding?.metadata.annotations?.[marks.appliedBy] ?? null
}

/** Returns the Lease of an operator that has left this channel to another one; null when none has. */
export function bystanderOf({ metadata }: RealtimeChannel): string | null {
  return metadata.annotations?.[annotations.leftBy] ?? null
}

/** Returns whether the annotation names an operator that is gone, or this one, which is in charge. */
export function isNoteStale(world: World, appliedBy: string): boolean {
  const noted = bystanderOf(world.channel)
  return noted !== null && (noted === appliedBy || world.bystander?.state === 'gone')
}

/** Returns the remark of `Ready` on an operator that left the channel to this one. */
export function remarkOnBystander(bystander: OtherOperator | null): string {
  if (bystander === null || bystander.state === 'gone') return ''
  return ` The operator of the Lease ${bystander.lease} is also configured for this namespace, and leaves this channel to this operator. Give one of the two operators other namespaces.`
}

/** Describes, for people, a channel that this operator leaves alone. */
export function describeLeft({ lease, state }: OtherOperator): string {
  const remedy = `Give one of the two other namespaces. When that operator is gone, this one takes over`
  const unsure =
    state === 'unknown' ? `; its Lease cannot be read, so remove the annotation ${marks.appliedBy} from the Deployment then` : ''
  return `The operator of the Lease ${lease} manages this channel, and this operator leaves it alone. ${remedy}${unsure}.`
}
