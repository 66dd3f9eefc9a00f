import type { Form } from './values.ts';

/**
 * What becomes of a keyword:
 * - `honoured`: it decides something in the `Destination`.
 * - `harmless`: it has no effect on running one command over one connection, so any value will do.
 * - `optional`: in a file it only permits or prefers, and going without is one of the outcomes that its writer allowed for; whoever writes
 *   it in the spec wants it, and gets an error.
 * - `refused`: it would change what happens, and we can't.
 *
 * Of the last two, the `neutral` values are fine everywhere: they ask for nothing.
 */
export interface Keyword {
  readonly form: Form;
  readonly effect: 'honoured' | 'harmless' | 'optional' | 'refused';
  readonly neutral: readonly string[];
  /** Why a refused one is refused, as the end of a sentence. */
  readonly why?: string;
  /** Belongs to the session or its forwardings; a jump host has neither, since OpenSSH only passes through it (`ssh -W`). */
  readonly session?: boolean;
}

const YES_NO_ASK = ['yes', 'no', 'ask'] as const;

const honoured = (form: Form): Keyword => ({ form, effect: 'honoured', neutral: [] });
const harmless = (form: Form): Keyword => ({ form, effect: 'harmless', neutral: [] });
const optional = (form: Form, ...neutral: string[]): Keyword => ({ form, effect: 'optional', neutral });
const refused = (form: Form, why: string, ...neutral: string[]): Keyword => ({
  form,
  effect: 'refused',
  neutral,
  why,
});
const session = (keyword: Keyword): Keyword => ({ ...keyword, session: true });

const NO_FORWARDING = 'the connection forwards no ports';
const NO_CERTIFICATES = 'ssh2 has no certificates';
const ONE_COMMAND = 'the connection runs the one command that execnet needs';
/** Names of a table in readconf.c that OpenSSH still knows and passes over. */
const BYGONE: Keyword = optional('anything');

/** Every keyword of ssh_config(5) up to OpenSSH 10, those that Debian adds, and the bygone ones that OpenSSH passes over. */
export const KEYWORDS: ReadonlyMap<string, Keyword> = new Map<string, Keyword>(
  Object.entries({
    // the structure of a file, dealt with where files are read
    host: honoured('words'),
    match: honoured('words'),
    include: honoured('words'),
    ignoreunknown: honoured('word'),
    tag: honoured('word'),

    // whom to reach, and how
    hostname: honoured('word'),
    user: honoured('word'),
    port: honoured('port'),
    addressfamily: honoured(['any', 'inet', 'inet6']),
    proxyjump: honoured('rest'),
    proxycommand: honoured('rest'),
    proxyusefdpass: refused('flag', "Node.js can't take over a descriptor from the proxy command", 'no'),
    bindaddress: refused('word', 'the local address of the connection is left to the system'),
    bindinterface: refused('word', 'the local address of the connection is left to the system'),
    canonicalizehostname: refused(
      ['yes', 'no', 'always', 'none'],
      'names are not canonicalized',
      'no',
      'none',
    ),
    // these only say how CanonicalizeHostname goes about it
    canonicaldomains: harmless('words'),
    canonicalizefallbacklocal: harmless('flag'),
    canonicalizemaxdots: harmless('number'),
    canonicalizepermittedcnames: harmless('words'),
    connecttimeout: honoured('time'),
    connectionattempts: honoured('number'),
    refuseconnection: honoured('word'),
    serveraliveinterval: honoured('time'),
    serveralivecountmax: honoured('number'),
    compression: honoured('flag'),
    rekeylimit: refused('anything', 'ssh2 renews keys only when the server asks', 'default', 'default none'),
    versionaddendum: refused('anything', 'the client names itself as ssh2', 'none'),
    // hints to networks and kernels
    tcpkeepalive: harmless('flag'),
    ipqos: harmless('anything'),

    // the host's key
    userknownhostsfile: honoured('paths'),
    globalknownhostsfile: honoured('paths'),
    stricthostkeychecking: honoured(['yes', 'no', 'ask', 'accept-new', 'off']),
    hostkeyalias: honoured('word'),
    hashknownhosts: honoured('flag'),
    nohostauthenticationforlocalhost: honoured('flag'),
    requiredrsasize: honoured('number'),
    knownhostscommand: refused('rest', 'host keys are looked up in files only', 'none'),
    revokedhostkeys: refused('word', 'only @revoked lines of known_hosts files are heeded', 'none'),
    // with "ask", a person decides in the end, and without one the key stays unknown
    verifyhostkeydns: refused(YES_NO_ASK, 'host keys are looked up in files only', 'no', 'ask'),
    // a second look at what the name has vouched for already; OpenSSH defaults to "no"
    checkhostip: harmless('flag'),
    // adds keys for another day
    updatehostkeys: harmless(YES_NO_ASK),
    casignaturealgorithms: harmless('word'),

    // who we are
    identityfile: honoured('word'),
    identitiesonly: honoured('flag'),
    identityagent: honoured('word'),
    certificatefile: refused('word', NO_CERTIFICATES, 'none'),
    pkcs11provider: refused('word', 'ssh2 has no PKCS#11', 'none'),
    securitykeyprovider: refused('word', 'ssh2 has no FIDO keys of its own', 'internal', 'none'),
    addkeystoagent: harmless('words'),
    usekeychain: optional('flag', 'no'),
    batchmode: honoured('flag'),
    preferredauthentications: honoured('word'),
    pubkeyauthentication: honoured(['yes', 'no', 'unbound', 'host-bound']),
    passwordauthentication: honoured('flag'),
    kbdinteractiveauthentication: honoured('flag'),
    kbdinteractivedevices: refused('word', 'the server chooses how it asks', 'none'),
    numberofpasswordprompts: honoured('number'),
    hostbasedauthentication: refused('flag', 'ssh2 can only sign with keys of the user here', 'no'),
    hostbasedacceptedalgorithms: harmless('word'),
    enablesshkeysign: harmless('flag'),
    gssapiauthentication: optional('flag', 'no'),
    gssapikeyexchange: optional('flag', 'no'),
    gssapidelegatecredentials: optional('flag', 'no'),
    gssapirenewalforcesrekey: optional('flag', 'no'),
    gssapitrustdns: optional('flag', 'no'),
    gssapiclientidentity: optional('word'),
    gssapiserveridentity: optional('word'),
    gssapikexalgorithms: optional('word'),

    // algorithms
    ciphers: honoured('word'),
    macs: honoured('word'),
    kexalgorithms: honoured('word'),
    hostkeyalgorithms: honoured('word'),
    pubkeyacceptedalgorithms: honoured('word'),
    warnweakcrypto: harmless('anything'),

    // the session
    setenv: honoured('words'),
    sendenv: honoured('words'),
    remotecommand: session(refused('rest', ONE_COMMAND, 'none')),
    requesttty: session(
      refused(['yes', 'no', 'force', 'auto'], 'a terminal would garble the bytes', 'no', 'auto'),
    ),
    sessiontype: session(refused(['none', 'subsystem', 'default'], ONE_COMMAND, 'default')),
    stdinnull: session(refused('flag', "the command's stdin carries the connection", 'no')),
    forkafterauthentication: session(refused('flag', ONE_COMMAND, 'no')),
    forwardagent: session(refused('word', 'the agent is not forwarded', 'no', 'false')),
    forwardx11: session(refused('flag', 'X11 is not forwarded', 'no')),
    localcommand: honoured('rest'),
    permitlocalcommand: honoured('flag'),
    channeltimeout: session(refused('words', 'channels are not closed for being idle', 'none')),
    // these wait for ForwardX11
    forwardx11timeout: harmless('time'),
    forwardx11trusted: harmless('flag'),
    xauthlocation: harmless('word'),
    // what a terminal or a log shows
    escapechar: harmless('word'),
    enableescapecommandline: harmless('flag'),
    obscurekeystroketiming: harmless('words'),
    visualhostkey: harmless('flag'),
    fingerprinthash: harmless(['md5', 'sha256']),
    loglevel: harmless('word'),
    logverbose: harmless('words'),
    syslogfacility: harmless('word'),
    // execnet shares connections by itself
    controlmaster: optional([...YES_NO_ASK, 'auto', 'autoask'], 'no'),
    controlpath: optional('word', 'none'),
    controlpersist: optional('word', 'no', 'false'),

    // forwarding
    localforward: session(refused('anything', NO_FORWARDING)),
    remoteforward: session(refused('anything', NO_FORWARDING)),
    dynamicforward: session(refused('anything', NO_FORWARDING)),
    clearallforwardings: honoured('flag'),
    tunnel: refused(['yes', 'no', 'point-to-point', 'ethernet'], 'there are no tunnel devices', 'no'),
    // these wait for one of the above
    exitonforwardfailure: harmless('flag'),
    gatewayports: harmless('flag'),
    permitremoteopen: harmless('words'),
    streamlocalbindmask: harmless('word'),
    streamlocalbindunlink: harmless('flag'),
    tunneldevice: harmless('word'),

    afstokenpassing: BYGONE,
    cipher: BYGONE,
    compressionlevel: BYGONE,
    fallbacktorsh: BYGONE,
    globalknownhostsfile2: BYGONE,
    kerberosauthentication: BYGONE,
    kerberostgtpassing: BYGONE,
    protocol: optional('anything', '2'),
    rhostsauthentication: BYGONE,
    rhostsrsaauthentication: BYGONE,
    rsaauthentication: BYGONE,
    useprivilegedport: BYGONE,
    userknownhostsfile2: BYGONE,
    useroaming: BYGONE,
    usersh: BYGONE,
  }),
);

/** Other names of some of these: older ones, and two of Debian's. */
export const ALIASES: ReadonlyMap<string, string> = new Map([
  ['challengeresponseauthentication', 'kbdinteractiveauthentication'],
  ['dsaauthentication', 'pubkeyauthentication'],
  ['hostbasedkeytypes', 'hostbasedacceptedalgorithms'],
  ['identityfile2', 'identityfile'],
  ['keepalive', 'tcpkeepalive'],
  ['protocolkeepalives', 'serveraliveinterval'],
  ['pubkeyacceptedkeytypes', 'pubkeyacceptedalgorithms'],
  ['setuptimeout', 'serveraliveinterval'],
  ['skeyauthentication', 'kbdinteractiveauthentication'],
  ['smartcarddevice', 'pkcs11provider'],
  ['tisauthentication', 'kbdinteractiveauthentication'],
]);
