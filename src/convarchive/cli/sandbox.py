"""``convarchive sandbox``."""

from __future__ import annotations

import click

from convarchive.cli.app import App


@click.command("sandbox")
@click.option("--port", default=8322, show_default=True, type=click.IntRange(0, 65535),
              metavar="N", help="Where it listens; 0 for any that is free.")  # fmt: skip
@click.option("--count", type=click.IntRange(min=0), metavar="N",
              help="Make up N conversations, instead of the demo's own.")  # fmt: skip
@click.option("--seed", default=1, show_default=True, metavar="N",
              help="The same seed makes up the same conversations.")  # fmt: skip
@click.option("--rate-limit", type=click.IntRange(min=1), metavar="N",
              help="Requests a minute; more are refused.")  # fmt: skip
@click.option("--chaos", type=click.FloatRange(0, 0.4), metavar="SHARE",
              help="Let things go wrong: at 0.05 every twentieth answer fails, others break off, "
              "are cut short or late, and the list changes while it is read.")  # fmt: skip
@click.pass_obj
def command(
    app: App,
    port: int,
    count: int | None,
    seed: int,
    rate_limit: int | None,
    chaos: float | None,
) -> None:
    """A small Ayra API on this machine, to try things with. Ctrl-C ends it.

    \b
    convarchive sandbox
    convarchive sandbox --count 5000 --rate-limit 100
    convarchive sandbox --count 5000 --chaos 0.05
    """
    from convarchive.sandbox import Chaos, Sandbox

    faults = Chaos.mixed(chaos, seed) if chaos else None
    with Sandbox(port=port, count=count, seed=seed, rate_limit=rate_limit, chaos=faults) as sandbox:
        click.echo(f"base_url {sandbox.base_url}")
        click.echo(f"key {sandbox.key}")
        app.say()
        app.say("In another terminal:")
        app.say(f"  export AYRA_API_KEY={sandbox.key}")
        app.say(f"  convarchive init sandbox-archive --source ayra --base-url {sandbox.base_url}")
        app.say("  convarchive -a sandbox-archive sync")
        sandbox.run()
        if faults:
            injected = ", ".join(f"{times} {kind}" for kind, times in faults.injected.most_common())
            app.say(f"Went wrong on purpose: {injected or 'nothing'}.")
