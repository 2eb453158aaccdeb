/** Label with the name of the channel that an object belongs to. The operator lists and watches its objects by it. */
export const channelLabel = 'carillon.dev/channel'

/** Labels of every object that the operator creates. Its watches select by them. */
export const managedByLabels = { 'app.kubernetes.io/managed-by': 'carillon-operator' } as const

/** Returns the labels that select the pods of a channel. A Deployment's selector cannot be changed, so no label may ever be added to these two. */
export function selectorLabels(channelName: string): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/instance': channelName, 'app.kubernetes.io/name': 'carillon-gateway' }
}

/** Returns the labels of every object of a channel and of its pods. No label has a version: an upgrade of the operator would restart every pod. */
export function channelLabels(channelName: string): Readonly<Record<string, string>> {
  return {
    ...selectorLabels(channelName),
    ...managedByLabels,
    'app.kubernetes.io/component': 'gateway',
    'app.kubernetes.io/part-of': 'carillon',
    [channelLabel]: channelName,
  }
}
