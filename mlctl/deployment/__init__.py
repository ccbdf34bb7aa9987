"""Models in use: which version answers, what it answered, how that is watched, levelled and regretted."""
