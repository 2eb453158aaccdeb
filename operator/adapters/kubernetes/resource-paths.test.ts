import { describe, expect, it } from 'vitest'
import { configMapType, deploymentType, namespaceType } from '../../testing/kubernetes-api-contract.ts'
import { collectionPath, listQuery, objectPath, withQuery } from './resource-paths.ts'

describe('naming resources in paths', () => {
  it('renders the core group, other groups, namespaces and subresources', () => {
    expect(collectionPath(configMapType, undefined)).toBe('/api/v1/configmaps')
    expect(collectionPath(deploymentType, 'a')).toBe('/apis/apps/v1/namespaces/a/deployments')
    expect(objectPath(namespaceType, { namespace: '', name: 'a' })).toBe('/api/v1/namespaces/a')
    expect(objectPath(deploymentType, { namespace: 'a', name: 'b' }, 'status')).toBe('/apis/apps/v1/namespaces/a/deployments/b/status')
  })

  it('escapes names', () => {
    expect(objectPath(configMapType, { namespace: 'a/../b', name: '../c?d' })).toBe('/api/v1/namespaces/a%2F..%2Fb/configmaps/..%2Fc%3Fd')
    expect(() => objectPath(configMapType, { namespace: '', name: 'x' })).toThrow('configmaps are namespaced')
  })

  it('sends no version beside a continue token, which contains its own', () => {
    expect(withQuery('/x', listQuery({ limit: 5, resourceVersion: '0' }))).toBe('/x?limit=5&resourceVersion=0')
    expect(withQuery('/x', listQuery({ continueToken: 'a+b', resourceVersion: '0', labelSelector: 'a in (b)' }))).toBe(
      '/x?labelSelector=a+in+%28b%29&continue=a%2Bb',
    )
    expect(withQuery('/x', listQuery({}))).toBe('/x')
  })
})
