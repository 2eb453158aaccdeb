import { expect, it } from 'vitest'
import { podTargets, serviceTargets } from './discovery.ts'
import { scrapeConfigOf } from './scrape-configs.ts'

it('a scrape config finds pods by their labels and port name, and gives their series the labels of the monitor', () => {
  const config = scrapeConfigOf(
    {
      kind: 'PodMonitor',
      metadata: { name: 'carillon-gateways', namespace: 'system' },
      spec: {
        selector: { matchLabels: { 'app.kubernetes.io/name': 'gateway' } },
        podTargetLabels: ['carillon.dev/channel'],
        podMetricsEndpoints: [{ port: 'internal', path: '/metrics' }],
      },
    },
    [{ targets: ['10.0.0.1:9000'], labels: {} }],
  )
  expect(config).toMatchObject({
    job_name: 'podMonitor/system/carillon-gateways',
    metrics_path: '/metrics',
    static_configs: [{ targets: ['10.0.0.1:9000'], labels: {} }],
  })
  expect(config['relabel_configs']).toEqual(
    expect.arrayContaining([
      { action: 'keep', source_labels: ['__meta_kubernetes_pod_label_app_kubernetes_io_name'], regex: 'gateway' },
      { action: 'keep', source_labels: ['__meta_kubernetes_pod_container_port_name'], regex: 'internal' },
      { source_labels: ['__meta_kubernetes_pod_label_carillon_dev_channel'], target_label: 'carillon_dev_channel' },
      { target_label: 'job', replacement: 'system/carillon-gateways' },
    ]),
  )
})

it('a scrape config names the job after the Service', () => {
  const config = scrapeConfigOf(
    {
      kind: 'ServiceMonitor',
      metadata: { name: 'carillon', namespace: 'system' },
      spec: { selector: { matchLabels: {} }, endpoints: [{ port: 'internal', path: '/metrics' }] },
    },
    [],
  )
  expect(config['relabel_configs']).toEqual(
    expect.arrayContaining([{ source_labels: ['__meta_kubernetes_service_name'], target_label: 'job' }]),
  )
})

it('a scrape config keeps the labels of the series where the monitor says so', () => {
  const monitor = (honorLabels?: boolean) => ({
    kind: 'ServiceMonitor' as const,
    metadata: { name: 'carillon', namespace: 'system' },
    spec: {
      selector: { matchLabels: {} },
      endpoints: [{ port: 'internal', path: '/metrics', ...(honorLabels === undefined ? {} : { honorLabels }) }],
    },
  })
  expect([monitor(true), monitor()].map((each) => scrapeConfigOf(each, [])['honor_labels'])).toEqual([true, false])
})

it("discovery finds a pod by each declared port, and behind a Service by the Service's name for the port", () => {
  const labels = { 'app.kubernetes.io/name': 'operator' }
  const pods = [
    {
      metadata: { name: 'a', namespace: 'system', labels },
      spec: { containers: [{ name: 'main', ports: [{ name: 'internal', containerPort: 9000 }, { containerPort: 8000 }] }] },
      status: { podIP: '10.0.0.1' },
    },
  ]
  const service = (more: object) => ({
    metadata: { name: 'carillon', namespace: 'system', labels: { team: 'edge' } },
    spec: { selector: labels, ports: [{ name: 'metrics', port: 80, targetPort: 'internal' }] },
    ...more,
  })
  expect(podTargets(pods).map(({ targets, labels: meta }) => [targets[0], meta['__meta_kubernetes_pod_container_port_name']])).toEqual([
    ['10.0.0.1:9000', 'internal'],
    ['10.0.0.1:8000', ''],
  ])
  expect(serviceTargets([service({})], pods)).toMatchObject([
    {
      targets: ['10.0.0.1:9000'],
      labels: {
        __meta_kubernetes_service_label_team: 'edge',
        __meta_kubernetes_endpointslice_port_name: 'metrics',
        __meta_kubernetes_pod_name: 'a',
      },
    },
  ])
  expect(serviceTargets([service({ spec: { ports: [{ port: 80 }] } })], pods)).toEqual([])
  expect(podTargets(pods.map((pod) => ({ ...pod, status: {} })))).toEqual([])
})
