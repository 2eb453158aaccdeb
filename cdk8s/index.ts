/** `carillon/cdk8s`: channels and their classes in your own cdk8s apps. */
export { RealtimeChannel, type RealtimeChannelProps } from './realtime-channel.ts'
export type { RealtimeChannelSpec } from '../api/v1alpha1/realtime-channel.ts'
export { RealtimeChannelClass, type RealtimeChannelClassProps } from './realtime-channel-class.ts'
export type { RealtimeChannelClassSpec } from '../api/v1alpha1/realtime-channel-class.ts'
