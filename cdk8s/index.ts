/** `@carillon/cdk8s`: constructs for channels and their classes, for your own cdk8s apps. */
export { RealtimeChannel, type RealtimeChannelProps } from './realtime-channel.ts'
export type { RealtimeChannelSpec } from '../api/v1alpha1/realtime-channel.ts'
export { RealtimeChannelClass, type RealtimeChannelClassProps } from './realtime-channel-class.ts'
export type { RealtimeChannelClassSpec } from '../api/v1alpha1/realtime-channel-class.ts'
