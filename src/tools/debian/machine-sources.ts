/** The machine's own sources, with the keys, passwords and preferences that belong to them, for a private state. */
export function machineSources(): string[] {
  return [
    'Dir::Etc::sourcelist "/etc/apt/sources.list";',
    'Dir::Etc::sourceparts "/etc/apt/sources.list.d/";',
    'Dir::Etc::preferences "/etc/apt/preferences";',
    'Dir::Etc::preferencesparts "/etc/apt/preferences.d/";',
    'Dir::Etc::trusted "/etc/apt/trusted.gpg";',
    'Dir::Etc::trustedparts "/etc/apt/trusted.gpg.d/";',
    'Dir::Etc::netrc "/etc/apt/auth.conf";',
    'Dir::Etc::netrcparts "/etc/apt/auth.conf.d/";',
  ];
}
