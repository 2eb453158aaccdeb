import type { Component } from './component.ts'

/** Fields of a paragraph of dpkg's status, by their names. Lines that continue a field are left out. */
const fieldsOf = (paragraph: string): Readonly<Record<string, string>> =>
  Object.fromEntries([...paragraph.matchAll(/^([A-Za-z-]+): ?(.*)$/gm)].map(([, name = '', value = '']) => [name, value]))

/** Members of /etc/os-release: https://www.freedesktop.org/software/systemd/man/latest/os-release.html. */
export function readOsRelease(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...text.matchAll(/^([A-Z_]+)="?([^"\n]*)"?$/gm)].map(([, name = '', value = '']) => [name, value]))
}

/**
 * Returns the installed packages of Debian, and Debian itself.
 * @param status text of /var/lib/dpkg/status
 * @param osRelease text of /etc/os-release
 */
export function debianComponents(status: string, osRelease: string): readonly Component[] {
  const { ID: id = 'debian', VERSION_ID: release = '', PRETTY_NAME: pretty = id } = readOsRelease(osRelease)
  const distribution = `${id}-${release}`
  const packages = status
    .split('\n\n')
    .map(fieldsOf)
    .filter(({ Status: state }) => state?.endsWith(' installed') === true)
  return [
    component({ purl: `pkg:generic/${id}@${release}`, name: pretty, version: release, kind: 'operating-system' }),
    ...packages.map(({ Package: name = '', Version: version = '', Architecture: architecture = '' }) =>
      component({
        // https://github.com/package-url/purl-spec/blob/main/types-doc/deb-definition.md
        purl: `pkg:deb/${id}/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}&distro=${distribution}`,
        name,
        version,
        kind: 'library',
      }),
    ),
  ]
}

/** Licences of Debian's packages are texts in /usr/share/doc, and no digest of a package is on the machine. */
const component = (given: Pick<Component, 'purl' | 'name' | 'version' | 'kind'>): Component => ({
  ...given,
  license: null,
  sha512: null,
  dependsOn: [],
})
