"""What the pipeline is installed from: the lock read, and what is made from it (files of wheels, SBOM, licences, recipes)."""
