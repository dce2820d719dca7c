ARG PYTHON_IMAGE=python:3.11-slim
FROM ${PYTHON_IMAGE}

# Hugging Face runs the container as user id 1000; without a HOME of its own, caches would go to "/".
RUN useradd --create-home --uid 1000 user \
    && install --directory --owner=1000 --group=1000 /home/user/app
WORKDIR /home/user/app

# Before the source, so that a change of the source does not install them anew. The tests and type stubs that packages
# bring, numpy's above all, are a tenth of the image and nothing that runs here.
COPY --chown=1000:1000 backend/requirements.txt ./requirements.txt
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
    --require-hashes --requirement requirements.txt \
    && packages="$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
    && find "$packages" -type d -name tests -prune -exec rm -rf {} + \
    && find "$packages" -name '*.pyi' -delete

COPY --chown=1000:1000 backend ./backend
# Every start is one from a fresh disk, and would compile it anew.
RUN python -m compileall -q backend

USER 1000
ENV HOME=/home/user \
    PYTHONUNBUFFERED=1

# `exec` makes the server PID 1, so that the SIGTERM of a stop reaches it; a shell in front would swallow it.
# 8080 is the app_port of README.md: the platform does not set PORT.
CMD ["sh", "-c", "exec python -m backend --host 0.0.0.0 --port ${PORT:-8080}"]
