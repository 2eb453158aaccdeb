import { describe, expect, it } from 'vitest'
import { failed, ok } from '../../../program/result.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import type { KubernetesApi } from '../../runtime/kubernetes-api.ts'
import { observePods } from './pods.ts'

const deployment = (status: object): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'news-gateway', namespace: 'team' },
  spec: { replicas: 2, selector: { matchLabels: { app: 'gateway', instance: 'news' } } },
  status,
})

const pod = (name: string, status: object): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'team', uid: `uid-${name}` },
  status,
})
const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
const waiting = (reason: string, message?: string) => ({
  phase: 'Pending',
  containerStatuses: [{ ready: false, state: { waiting: { reason, message } } }],
})

function apiWith(
  pods: readonly KubernetesObject[],
  events: readonly KubernetesObject[] = [],
): Pick<KubernetesApi, 'list'> & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    async list(type, options) {
      asked.push(`${type.plural} ${options.labelSelector ?? options.fieldSelector ?? ''}`)
      return ok({ items: type.kind === 'Pod' ? pods : events, resourceVersion: '1', continueToken: null })
    },
  }
}

const short = { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 1 }

describe('the pods of a Deployment', () => {
  it('are not read while all are available, or while no controller has seen the Deployment', async () => {
    const api = apiWith([])
    expect(await observePods(api, deployment({ observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2 }))).toEqual([])
    expect(await observePods(api, deployment({}))).toEqual([])
    expect(api.asked).toEqual([])
  })

  it("are explained in the kubelet's words when they are not ready", async () => {
    const crashed = {
      phase: 'Running',
      containerStatuses: [
        {
          ready: false,
          state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 20s' } },
          lastState: { terminated: { reason: 'Error', exitCode: 2 } },
        },
      ],
    }
    const unscheduled = {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' }],
    }
    const api = apiWith([pod('c', ready), pod('b', waiting('ImagePullBackOff', 'no such image')), pod('a', crashed), pod('d', unscheduled)])
    expect(await observePods(api, deployment(short))).toEqual([
      { name: 'a', reason: 'CrashLoopBackOff', message: 'back-off 20s; its last run ended with Error (exit code 2)' },
      { name: 'b', reason: 'ImagePullBackOff', message: 'no such image' },
      { name: 'd', reason: 'Unschedulable', message: '0/3 nodes are available' },
    ])
    expect(api.asked).toEqual(['pods app=gateway,instance=news'])
  })

  it('are explained by their Events when a Secret that they mount is missing', async () => {
    const event: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'e' },
      reason: 'FailedMount',
      message: 'secret "keys" not found',
    }
    const api = apiWith([pod('a', waiting('ContainerCreating'))], [event])
    expect(await observePods(api, deployment(short))).toEqual([{ name: 'a', reason: 'FailedMount', message: 'secret "keys" not found' }])
    expect(api.asked[1]).toBe('events involvedObject.uid=uid-a,type=Warning')
  })

  it('are explained for ten pods at most', async () => {
    const many = Array.from({ length: 25 }, (_, index) => pod(`p-${String(index).padStart(2, '0')}`, waiting('ImagePullBackOff')))
    expect(await observePods(apiWith(many), deployment(short))).toHaveLength(10)
  })

  it('are left out when they cannot be listed', async () => {
    const api: Pick<KubernetesApi, 'list'> = { list: async () => failed({ kind: 'forbidden', message: 'no', code: 403 }) }
    expect(await observePods(api, deployment(short))).toEqual([])
  })
})
