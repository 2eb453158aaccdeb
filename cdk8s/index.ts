/** `carillon/cdk8s`: channels in your own cdk8s apps. */
export { RealtimeChannel, type RealtimeChannelProps } from './realtime-channel.ts'
export type { RealtimeChannelSpec } from '../operator/api/v1alpha1/realtime-channel.ts'
