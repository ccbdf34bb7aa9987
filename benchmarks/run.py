"""All benchmarks, side by side with the peers, in one run. `make bench` calls this."""

import life
import serving


def main() -> None:
    """Each table in turn; a benchmark that fails ends the run."""
    print("## Start-up, build, training\n")
    life.main()
    print("\n## Serving\n")
    serving.main()


if __name__ == "__main__":
    main()
