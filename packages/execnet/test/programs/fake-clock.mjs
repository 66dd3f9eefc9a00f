// Installs fake timers and uses a gateway. Arguments: when they are installed, the names of what is not faked, separated by commas, and the specs, of which it uses the last.
import FakeTimers from '@sinonjs/fake-timers';

const [when, real, ...specs] = process.argv.slice(2);
const spec = specs.at(-1);
const install = () => FakeTimers.install({ toNotFake: real.split(',').filter(Boolean) });

if (when === 'before the import') install();
const { Group } = await import('execnet');
if (when === 'before the gateway') install();

/** Goes through all that waits for something. */
async function use(gateway) {
  const python = spec.includes('python');
  const call = await (python ? gateway.call('abs', [-42]) : gateway.call(() => 42, { timeout: 20_000 }));
  const echo = gateway.remoteExec(
    python
      ? 'for item in channel: channel.send(item)'
      : async (channel) => {
          for await (const item of channel) await channel.send(item);
        },
  );
  const sizes = [];
  for (const size of [1, 3_000_000]) {
    await echo.send(new Uint8Array(size));
    sizes.push((await echo.receive({ timeout: 20_000 })).length);
  }
  const silence = await echo.receive({ timeout: 20 }).catch(({ code }) => code);
  await echo.end();
  await echo.waitClose();
  const { numExecuting } = await gateway.remoteStatus();
  const spins = python
    ? "channel.send('spins')\nwhile True: pass"
    : (channel) => {
        channel.sendSync('spins');
        for (;;);
      };
  await gateway.remoteExec(spins).receive();
  await group.terminate({ timeout: 100 });
  return { call, sizes, silence, numExecuting };
}

const group = new Group();
try {
  for (const each of specs) await group.makeGateway(each);
  const gateway = [...group].at(-1);
  if (when === 'before the first call') install();
  console.log(JSON.stringify(await use(gateway)));
} catch ({ code, message }) {
  console.log(JSON.stringify({ code, message }));
}
