import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '@hatago/hub/storage/atomic-write.ts';

const IGNORED = `# state of the hub; the configuration may be kept
*
!.gitignore
!config.jsonc
!config.yaml
!schema.json
!profiles/
!profiles/*
`;

/** Keeps what the hub writes into a `.hatago` folder out of version control, unless the folder says so itself already. */
export function keepOutOfGit(home: string): void {
  const file = join(home, '.gitignore');
  if (!existsSync(file)) writeAtomically(file, IGNORED, { mode: 0o644 });
}
