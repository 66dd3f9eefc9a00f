import { homedir, userInfo } from 'node:os';

/** On whose behalf connections are made. */
export interface Account {
  readonly user: string;
  readonly home: string;
  readonly uid: number;
}

/**
 * The account that this process runs as; `home` and `user` replace what the system says.
 * As OpenSSH, which asks the password database, it does not listen to `HOME`.
 */
export function localAccount(home: string | undefined, user: string | undefined): Account {
  try {
    const info = userInfo();
    return { user: user ?? info.username, home: home ?? info.homedir, uid: info.uid };
  } catch {
    // containers run with numbers that no database knows
    const uid = process.getuid?.() ?? -1;
    return { user: user ?? process.env['USER'] ?? String(uid), home: home ?? homedir(), uid };
  }
}
