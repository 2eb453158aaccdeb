import { expect, it } from 'vitest'
import { scriptedRun } from '../testing/scripted-run.ts'
import { conditionsOf, describePod, diagnose } from './diagnose.ts'

const metadata = { name: 'a-1', namespace: 'shop' }
const pod = (status: object): { readonly metadata: typeof metadata; readonly status: object } => ({ metadata, status })
const ready = pod({ phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] })
const crashing = pod({
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'False' }],
  containerStatuses: [
    { name: 'gateway', ready: false, restartCount: 2, state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } } },
  ],
})

it('diagnose gives the reason why a pod is not ready', () => {
  expect(describePod(crashing)).toBe('pod shop/a-1 (Running): gateway is waiting, CrashLoopBackOff, back-off, started 3 times')
  expect(
    describePod(pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' }] })),
  ).toBe('pod shop/a-1 (Pending): PodScheduled: 0/3 nodes are available')
  expect(describePod(pod({}))).toBe('pod shop/a-1 (unknown): not ready')
})

it('diagnose reports channels, pods that are not ready with their logs, and warnings, but nothing that is healthy', async () => {
  const { run } = scriptedRun({
    'kubectl get pods': JSON.stringify({ items: [ready, crashing] }),
    'kubectl get realtimechannels': 'news\n  Ready=False PodsFailing: see the log\n',
    'kubectl logs a-1 --namespace shop --all-containers --tail 20': { code: 1 },
    'kubectl logs a-1 --namespace shop --all-containers --tail 20 --previous': 'listening\nboom\n',
    'kubectl get events': 'Pod   a-1   BackOff   Back-off restarting\n',
  })
  expect(await diagnose(run, ['shop'])).toEqual([
    'channel shop/news',
    '  Ready=False PodsFailing: see the log',
    'pod shop/a-1 (Running): gateway is waiting, CrashLoopBackOff, back-off, started 3 times',
    '  log of a-1: listening',
    '  log of a-1: boom',
    'event: Pod  a-1  BackOff  Back-off restarting',
  ])
})

it('diagnose returns nothing for healthy namespaces and for a cluster that does not answer', async () => {
  expect(await diagnose(scriptedRun({ 'kubectl get pods': JSON.stringify({ items: [ready] }) }).run, ['shop'])).toEqual([])
  expect(await diagnose(scriptedRun({ kubectl: { code: 1, stderr: 'connection refused' } }).run, ['shop', 'kafka'])).toEqual([])
})

it('conditionsOf returns the conditions of an object without a namespace, or the reason why they are unknown', async () => {
  const metrics = 'apiservice/v1beta1.metrics.k8s.io'
  const tell = (answer: string | { readonly code: number; readonly stderr: string }) =>
    conditionsOf(scriptedRun({ 'kubectl get apiservice': answer }).run, metrics)
  expect(await tell('Available=False FailedDiscoveryCheck: no route to host\n')).toEqual([
    `${metrics}: Available=False FailedDiscoveryCheck: no route to host`,
  ])
  expect(await tell('')).toEqual([`${metrics} has no conditions`])
  expect(await tell({ code: 1, stderr: 'not found\n' })).toEqual([`${metrics}: not found`])
})
