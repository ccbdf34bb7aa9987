"""All benchmarks, side by side with the peers, in one run. `make bench` calls this."""

import data
import life
import many_runs
import points
import remotes
import serving
import traced


def main() -> None:
    """Each table in turn; a benchmark that fails ends the run."""
    print("## Start-up, build, training\n")
    life.main()
    print("\n## Points\n")
    points.main()
    print("\n## Following own code\n")
    traced.main()
    print("\n## Many runs\n")
    many_runs.main()
    print("\n## Serving\n")
    serving.main()
    print("\n## Push and pull\n")
    remotes.main()
    print("\n## Data\n")
    data.main()


if __name__ == "__main__":
    main()
