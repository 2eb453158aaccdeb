/** Which channel an object belongs to; the operator lists and watches its objects by it. */
export const channelLabel = 'carillon.dev/channel'

/** What every object that the operator makes has: the operator's watches select by it. */
export const managedByLabels = { 'app.kubernetes.io/managed-by': 'carillon-operator' } as const

/**
 * Finds the pods of a channel. A Deployment's selector can never be changed, so that nothing may join these two, ever.
 */
export function selectorLabels(channelName: string): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/instance': channelName, 'app.kubernetes.io/name': 'carillon-gateway' }
}

/** Of every object of a channel, and of its pods. There is no version among them: an upgrade of the operator would restart every pod. */
export function channelLabels(channelName: string): Readonly<Record<string, string>> {
  return {
    ...selectorLabels(channelName),
    ...managedByLabels,
    'app.kubernetes.io/component': 'gateway',
    'app.kubernetes.io/part-of': 'carillon',
    [channelLabel]: channelName,
  }
}
