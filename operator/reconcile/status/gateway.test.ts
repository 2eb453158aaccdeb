import { describe, expect, it } from 'vitest'
import type { RealtimeChannelStatus } from '../../../api/v1alpha1/realtime-channel.ts'
import { aChannel } from '../../testing/channel-builders.ts'
import { aDeployment, aGoodWorld, aPlan, childrenOf } from '../../testing/status-builders.ts'
import type { Deployment } from '../children/running-gateway.ts'
import { assessGateway } from './gateway.ts'
import type { TroubledPod } from '../world.ts'

const before = (status: 'True' | 'False', observedGeneration = 1): RealtimeChannelStatus => ({
  conditions: [
    { type: 'GatewayAvailable', status, reason: 'R', message: '', observedGeneration, lastTransitionTime: '2026-01-01T00:00:00Z' },
  ],
})

interface Case extends Pick<Deployment, 'spec' | 'status'> {
  readonly known?: RealtimeChannelStatus
  readonly troubledPods?: readonly TroubledPod[]
}

function assess({ known, troubledPods = [], ...deployment }: Case) {
  const channel = aChannel({ status: known })
  return assessGateway(aGoodWorld({ channel, children: childrenOf(aDeployment(channel, deployment)), troubledPods }), aPlan())
}

const pod = (reason: string, message = 'words'): TroubledPod => ({ name: 'chat-1', reason, message })
const pastDeadline = { conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }] }

describe('the availability of gateways', () => {
  it.each<[string, Case]>([
    ['not all pods are of the newest template', { status: { updatedReplicas: 1 } }],
    ['pods of an older template are still there', { status: { replicas: 3 } }],
    ['not all pods are available', { status: { availableReplicas: 1 } }],
    ['no controller has looked at the change', { status: { observedGeneration: 0 } }],
  ])('is not said after a change while %s', (_why, given) => {
    expect(assess(given)).toMatchObject({ status: 'False', reason: 'GatewayProgressing' })
    expect(assess({ ...given, known: before('True', 0) }).status).toBe('False')
    expect(assess({ ...given, known: before('False') }).status).toBe('False')
  })

  it('stays True while the channel is unchanged and one pod is available', () => {
    expect(
      assess({ status: { availableReplicas: 1, updatedReplicas: 1, replicas: 3, observedGeneration: 0 }, known: before('True') }).status,
    ).toBe('True')
    expect(assess({ status: { availableReplicas: 0 }, known: before('True') })).toMatchObject({
      status: 'False',
      reason: 'GatewayUnavailable',
    })
  })

  it('is False past the deadline of a roll-out, even if pods serve', () => {
    expect(assess({ status: pastDeadline, known: before('True') })).toMatchObject({ status: 'False', reason: 'PodsFailing' })
  })

  // The message was "Pods are being exchanged" without end: the deadline does not run while a roll-out is paused.
  it('is False while an incomplete roll-out is paused, even if pods serve', () => {
    expect(assess({ spec: { paused: true }, status: { updatedReplicas: 0 }, known: before('True') })).toMatchObject({
      status: 'False',
      reason: 'RolloutPaused',
      message: expect.stringContaining('kubectl rollout resume deployment/chat-gateway'),
    })
    expect(assess({ spec: { paused: true }, status: { updatedReplicas: 1, availableReplicas: 1 } })).toMatchObject({
      status: 'False',
      reason: 'RolloutPaused',
    })
    expect(assess({ spec: { paused: true }, status: { updatedReplicas: 0, observedGeneration: 0 } })).toMatchObject({
      reason: 'GatewayProgressing',
    })
    expect(assess({ spec: { paused: true } })).toMatchObject({ status: 'True', reason: 'PodsAvailable' })
  })

  it('becomes ScaledToZero when the last pod is gone', () => {
    expect(assess({ spec: { replicas: 0 }, status: { replicas: 1 } })).toMatchObject({ status: 'False', reason: 'GatewayProgressing' })
    expect(assess({ spec: { replicas: 0 } })).toMatchObject({ status: 'True', reason: 'ScaledToZero' })
  })

  it('ignores a Deployment of another owner', () => {
    const others = aDeployment(aChannel({ metadata: { uid: 'another' } }))
    expect(assessGateway(aGoodWorld({ children: childrenOf(others) }), aPlan({ holdsGatewayBack: true })).reason).toBe('WaitingForTopic')
    expect(assessGateway(aGoodWorld({ children: childrenOf(others) }), aPlan()).reason).toBe('GatewayProgressing')
  })
})

describe('the assessment of pods in trouble', () => {
  it.each([
    ['ErrImagePull', 'ImagePullFailed'],
    ['ImagePullBackOff', 'ImagePullFailed'],
    ['Unschedulable', 'PodsUnschedulable'],
    ['CrashLoopBackOff', 'PodsFailing'],
    ['FailedMount', 'PodsFailing'],
    ['CreateContainerConfigError', 'PodsFailing'],
  ])('past the deadline, %s is %s', (reason, expected) => {
    expect(assess({ status: pastDeadline, troubledPods: [pod(reason)] }).reason).toBe(expected)
  })

  it.each([
    ['ErrImagePull', 'ImagePullBackOff'],
    ['Error', 'CrashLoopBackOff'],
  ])('is the same for %s and %s, between which the kubelet goes to and fro', (one, other) => {
    const said = [one, other].map((reason, index) => assess({ status: pastDeadline, troubledPods: [pod(reason, `attempt ${index}`)] }))
    expect(said[0]).toEqual(said[1])
  })

  it('quotes the kubelet where it says what is missing, without names of pods', () => {
    const { message } = assess({ status: pastDeadline, troubledPods: [pod('FailedMount', 'secret "user" not found')] })
    expect(message).toBe('The roll-out is past its deadline. FailedMount: secret "user" not found')
  })

  it('names the most informative trouble, in any order of the pods', () => {
    const pods = [pod('CrashLoopBackOff'), pod('ErrImagePull'), pod('Unschedulable')]
    expect(assess({ status: pastDeadline, troubledPods: pods })).toEqual(assess({ status: pastDeadline, troubledPods: pods.toReversed() }))
    expect(assess({ status: pastDeadline, troubledPods: pods }).reason).toBe('ImagePullFailed')
  })
})

const refusedBy = (message: string) => ({ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message })
const late = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }
const quota = 'pods "chat-gateway-6c9f7-x7k2p" is forbidden: failed quota: q: must specify limits.cpu for: gateway'

describe('pods that Kubernetes does not create', () => {
  it.each<[string, Case]>([
    ['before the deadline', { status: { availableReplicas: 0, replicas: 0, conditions: [refusedBy(quota)] } }],
    ['past the deadline', { status: { availableReplicas: 0, replicas: 0, conditions: [late, refusedBy(quota)] } }],
    [
      'past the deadline, with pods in trouble beside',
      { status: { availableReplicas: 0, conditions: [late, refusedBy(quota)] }, troubledPods: [pod('CrashLoopBackOff')] },
    ],
    [
      'after a roll-out that was complete',
      {
        status: {
          availableReplicas: 0,
          conditions: [{ type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' }, refusedBy(quota)],
        },
        known: before('True'),
      },
    ],
    [
      'past the deadline of a channel that was available',
      { status: { availableReplicas: 1, conditions: [late, refusedBy(quota)] }, known: before('True') },
    ],
    ['for one of two', { status: { availableReplicas: 1, replicas: 1, updatedReplicas: 1, conditions: [late, refusedBy(quota)] } }],
  ])('have the words of the refusal %s', (_stage, given) => {
    expect(assess(given)).toEqual({
      status: 'False',
      reason: 'QuotaExceeded',
      message: 'Pods cannot be created: failed quota: q: must specify limits.cpu for: gateway',
    })
  })

  it('are reported also while one pod serves, which is enough for availability', () => {
    expect(assess({ status: { availableReplicas: 1, conditions: [refusedBy(quota)] }, known: before('True') })).toEqual({
      status: 'True',
      reason: 'PodsAvailable',
      message: 'Gateway pods are available. Pods cannot be created: failed quota: q: must specify limits.cpu for: gateway',
    })
  })

  it('are reported also when their ReplicaSet cannot be created', () => {
    const message =
      'Failed to create new replica set "chat-gateway-6c9f7": replicasets.apps "chat-gateway-6c9f7" is forbidden: exceeded quota: q, requested: count/replicasets.apps=1'
    // The controller writes no observedGeneration before it has made one.
    const given = {
      status: {
        observedGeneration: 0,
        availableReplicas: 0,
        replicas: 0,
        conditions: [{ type: 'Progressing', status: 'False', reason: 'ReplicaSetCreateError', message }],
      },
    }
    expect(assess(given)).toMatchObject({
      reason: 'QuotaExceeded',
      message: 'Pods cannot be created: exceeded quota: q, requested: count/replicasets.apps=1',
    })
  })

  it('are distinguished from pods that cannot be deleted', () => {
    const given = {
      status: {
        availableReplicas: 0,
        conditions: [{ ...refusedBy('admission webhook "w.example.com" denied the request: keep it'), reason: 'FailedDelete' }],
      },
    }
    expect(assess(given)).toMatchObject({
      reason: 'AdmissionDenied',
      message: 'Pods cannot be deleted: admission webhook "w.example.com" denied the request: keep it',
    })
  })

  it('are not reported before the controller has seen the generation, nor for a channel without pods', () => {
    expect(assess({ status: { observedGeneration: 0, availableReplicas: 0, conditions: [refusedBy(quota)] } }).reason).toBe(
      'GatewayProgressing',
    )
    expect(assess({ spec: { replicas: 0 }, status: { conditions: [late, refusedBy(quota)] } }).reason).toBe('ScaledToZero')
  })

  it.each([
    (name: string) => `pods "${name}" is forbidden: violates PodSecurity "restricted"`,
    (name: string) => `Pod "${name}" is invalid: spec.containers[0].resources.requests: Invalid value`,
    (name: string) => `admission webhook "w.example.com" denied the request: ${name} has no owner`,
    (name: string) => `pods "${name}" is forbidden: error of ${name}`,
  ])('are named in no message, for each attempt has another name: %s', (words) => {
    const [one, other] = ['chat-gateway-6c9f7-x7k2p', 'chat-gateway-6c9f7-b4m9z'].map((name) =>
      assess({ status: { availableReplicas: 0, conditions: [refusedBy(words(name))] } }),
    )
    expect(one).toEqual(other)
  })
})
